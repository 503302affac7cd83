using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Http;
using WanSharp.Server.Videos;
using WanSharp.Tensors;

namespace WanSharp.Server.Batches;

/// <summary>A file of jobs, or of prompts, that a request brings: read in a folder of its own, which goes with the request.</summary>
internal sealed partial class BatchUpload : IDisposable
{
    private static readonly string[] Known = [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".txt"];

    private readonly WorkFolder _folder = WorkFolder.CreateTemporary();

    private BatchUpload() { }

    /// <summary>The file.</summary>
    public string Path { get; private set; } = "";

    /// <summary>What the client calls the batch.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Whether the jobs are planned and not made.</summary>
    public bool IsDry { get; private set; }

    /// <summary>Digest of all that the request says.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>What the batch asks for.</summary>
    public IReadOnlyList<BatchEntry> Entries { get; private set; } = [];

    /// <summary>Reads a request.</summary>
    /// <exception cref="ApiException">It brings no batch, or one that names files of the server.</exception>
    public static async Task<BatchUpload> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await BodyReader.ReadAsync(request, cancellationToken).ConfigureAwait(false);
        var upload = new BatchUpload();
        try
        {
            await upload.ReadAsync(body, cancellationToken).ConfigureAwait(false);
            return upload;
        }
        catch (InvalidRequestException exception)
        {
            upload.Dispose();
            throw ApiException.Invalid(ClientText.FieldOf(exception.Field), ClientText.Of(upload.WithoutFolder(exception.Message)));
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }

    /// <summary>A message without the server's own folder.</summary>
    public string WithoutFolder(string message) =>
        message.Replace(_folder.Path + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private async Task ReadAsync(RequestBody body, CancellationToken cancellationToken)
    {
        Sha256 = await body.DigestAsync(cancellationToken).ConfigureAwait(false);
        var form = BatchForm.Read(body);
        IsDry = form.IsDry;
        var isList = true;
        switch (body.Files)
        {
            case [{ Name: "file" } file] when form.Prompts is null:
                await SaveAsync(file, KindOf(file), cancellationToken).ConfigureAwait(false);
                isList = BatchFile.IsPromptList(Path);
                break;
            case [{ Name: "prompts" } file] when form.Prompts is null:
                await SaveAsync(file, KindOf(file), cancellationToken).ConfigureAwait(false);
                break;
            case [] when form.Prompts is { } prompts:
                Path = _folder["prompts.txt"];
                await File.WriteAllTextAsync(Path, prompts, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw ApiException.Invalid(
                    "file",
                    "Send one of both: a file of jobs as 'file' (.jsonl, .csv, .tsv), or 'prompts', a line each, with 'styles' and 'seeds'."
                );
        }

        var entries = isList ? form.ReadPrompts(Path) : form.ReadJobs(Path);
        Name = form.Name.Length > 0 ? form.Name : System.IO.Path.GetFileName(Path);
        Entries = [.. entries.Select(WithoutPictures)];
    }

    private static string KindOf(IFormFile file) => System.IO.Path.GetExtension(file.FileName).ToLowerInvariant();

    private async Task SaveAsync(IFormFile file, string kind, CancellationToken cancellationToken)
    {
        var isList = file.Name == "prompts"; // a line each, of tables their only column: any name will do
        if (!isList && !Known.Contains(kind))
        {
            throw ApiException.Invalid("file", $"The file's name ends in none of {string.Join(", ", Known)}, which say how it is read.");
        }

        Path = _folder[isList ? "prompts" + (PlainKind().IsMatch(kind) ? kind : ".txt") : "jobs" + kind];
        var target = new FileStream(Path, FileMode.CreateNew, FileAccess.Write);
        await using var opened = target.ConfigureAwait(false);
        await file.CopyToAsync(target, cancellationToken).ConfigureAwait(false);
    }

    [GeneratedRegex(@"\A\.[a-z0-9]{1,8}\z")]
    private static partial Regex PlainKind();

    /// <summary>An entry, with a problem if it names pictures of the server's machine.</summary>
    private static BatchEntry WithoutPictures(BatchEntry entry) =>
        entry.Problem is null && entry.Request.Images.Count > 0
            ? entry with
            {
                Problem = new(entry.Line, "Pictures come with single requests (POST /v1/videos), not by a path in a file."),
            }
            : entry;
}
