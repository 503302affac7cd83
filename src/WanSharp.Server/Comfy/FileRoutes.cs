using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Videos;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>ComfyUI's API: clips that were made, and pictures for graphs. Source: comfyanonymous/ComfyUI server.py.</summary>
internal sealed class FileRoutes(VideoQueue queue, InputPictures pictures) : IRoutes
{
    private const string InputType = "input";
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] Prefixes = ["", "/api"];

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var prefix in Prefixes)
        {
            routes.MapMethods(prefix + "/view", Methods, ViewAsync);
            routes.MapPost(prefix + "/upload/image", UploadAsync);
        }
    }

    private async Task ViewAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var name = query["filename"].FirstOrDefault() is { Length: > 0 } given
            ? given
            : throw ApiException.Invalid("filename", "Say which file: filename=…");
        var folder = query["subfolder"].FirstOrDefault() ?? "";
        var (path, mark, time) = (query["type"].FirstOrDefault() ?? PromptView.OutputType) switch
        {
            PromptView.OutputType when folder.Length == 0 => Clip(name),
            InputType => (pictures.Find(folder.Length > 0 ? $"{folder}/{name}" : name), null, null),
            _ => (null, null, (DateTimeOffset?)null),
        };
        if (path is null)
        {
            throw ApiException.NotFound($"There is no file '{name}': /history names those that there are.");
        }

        context.Response.Headers.CacheControl = "private, no-cache";
        await Results
            .File(
                path,
                MediaTypes.Of(name),
                Path.GetFileName(name.Replace('\\', '/')),
                time,
                mark is null ? null : new EntityTagHeaderValue($"\"{mark}\""),
                enableRangeProcessing: true
            )
            .ExecuteAsync(context)
            .ConfigureAwait(false);
    }

    /// <summary>A clip, by the name that the history gives it: the id of its video.</summary>
    private (string? Path, string? Mark, DateTimeOffset? Time) Clip(string name) =>
        queue.Find(Path.GetFileNameWithoutExtension(name), Caller.Anyone) is { } job && job.Output == name
            ? (queue.FileOf(job), job.Sha256, job.FinishedAt)
            : (null, null, null);

    private async Task UploadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            throw new ApiException(415, "unsupported_media_type", "Send the picture as 'image' of multipart/form-data.");
        }

        var form = await BodyReader.FormOfAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        var type = form["type"].FirstOrDefault() ?? InputType;
        if (type != InputType)
        {
            throw ApiException.Invalid("type", $"Pictures are uploaded as {InputType}, not as '{type}'.");
        }

        var file =
            form.Files["image"] ?? throw ApiException.Invalid("image", "There is no 'image': send the picture's file under this name.");
        var folder = form["subfolder"].FirstOrDefault() ?? "";
        var overwrite = form["overwrite"].FirstOrDefault() is "true" or "1";
        var name = await pictures.SaveAsync(file, folder, Caller.Of(context), overwrite, context.RequestAborted).ConfigureAwait(false);
        await context
            .SendAsync(
                new JsonObject
                {
                    ["name"] = name,
                    ["subfolder"] = folder,
                    ["type"] = InputType,
                }
            )
            .ConfigureAwait(false);
    }
}
