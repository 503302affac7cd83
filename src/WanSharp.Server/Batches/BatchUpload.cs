using Microsoft.AspNetCore.Http;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Http;
using WanSharp.Server.Videos;
using WanSharp.Tensors;

namespace WanSharp.Server.Batches;

/// <summary>A file of jobs, or of prompts, that a request brings: read in a folder of its own, which goes with the request.</summary>
internal sealed class BatchUpload : IDisposable
{
    private static readonly string[] Known = [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".txt"];

    private readonly string _folder = Directory.CreateTempSubdirectory("wan-batch-").FullName;

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
            throw ApiException.Invalid(exception.Field, ServerPaths.Hide(upload.WithoutFolder(exception.Message)));
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }

    /// <summary>A message without the server's own folder.</summary>
    public string WithoutFolder(string message) =>
        message.Replace(_folder + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task ReadAsync(RequestBody body, CancellationToken cancellationToken)
    {
        Sha256 = await body.DigestAsync(cancellationToken).ConfigureAwait(false);
        string? prompts = null;
        var (styles, seeds, priority) = (Array.Empty<string>(), (IReadOnlyList<ulong?>)[], 0);
        var defaults = new JobRequest { Prompt = "" };
        foreach (var (name, text) in body.Fields)
        {
            switch (name)
            {
                case "prompts":
                    prompts = text;
                    break;
                case "styles":
                    styles = text.Split(',', ';').Select(style => style.Trim()).Where(style => style.Length > 0).ToArray();
                    break;
                case "seeds":
                    seeds = SeedRange.TryParse(text, out var read, out var error) ? read : throw ApiException.Invalid("seeds", error);
                    break;
                case "priority":
                    priority = VideoFields.Priority(text);
                    break;
                case "name":
                    Name = VideoFields.Short(name, text);
                    break;
                case "dry_run":
                    IsDry = VideoFields.Flag(name, text);
                    break;
                default:
                    defaults = VideoFields.Set(defaults, name, text);
                    break;
            }
        }

        switch (body.Files)
        {
            case [{ Name: "file" } file] when prompts is null:
                await SaveAsync(file, cancellationToken).ConfigureAwait(false);
                Entries = BatchFile.Read(Path, defaults, priority);
                break;
            case [] when prompts is not null:
                Path = System.IO.Path.Combine(_folder, "prompts.txt");
                await File.WriteAllTextAsync(Path, prompts, cancellationToken).ConfigureAwait(false);
                Entries = BatchFile.ReadPrompts(Path, styles, seeds, defaults, priority);
                break;
            default:
                throw ApiException.Invalid(
                    "file",
                    "Send one of both: a file of jobs as 'file' (.jsonl, .csv, .tsv), or 'prompts', a line each, with 'styles' and 'seeds'."
                );
        }

        Name = Name.Length > 0 ? Name : System.IO.Path.GetFileName(Path);
        Entries = [.. Entries.Select(WithoutPictures)];
    }

    private async Task SaveAsync(IFormFile file, CancellationToken cancellationToken)
    {
        var extension = System.IO.Path.GetExtension(file.FileName).ToLowerInvariant();
        if (!Known.Contains(extension))
        {
            throw ApiException.Invalid("file", $"The file's name ends in none of {string.Join(", ", Known)}, which say how it is read.");
        }

        Path = System.IO.Path.Combine(_folder, "jobs" + extension);
        var target = new FileStream(Path, FileMode.CreateNew, FileAccess.Write);
        await using var opened = target.ConfigureAwait(false);
        await file.CopyToAsync(target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An entry, with a problem if it names pictures of the server's machine.</summary>
    private static BatchEntry WithoutPictures(BatchEntry entry) =>
        entry.Problem is null && entry.Request.Images.Count > 0
            ? entry with
            {
                Problem = new(entry.Line, "Pictures come with single requests (POST /v1/videos), not by a path in a file."),
            }
            : entry;
}
