using WanSharp.Hosting.Batches;
using WanSharp.Jobs;

namespace WanSharp.Server.Work;

/// <summary>
/// A backend whose jobs find their files where the server keeps them now: a job names its picture by the path that it had when the job
/// came, and a data folder may be moved, or be reached by another name. Thread-safe.
/// </summary>
/// <param name="backend">Makes the clips.</param>
/// <param name="folder">Where the pictures are; each has the name that it always had.</param>
internal sealed class KeptPictures(IJobBackend backend, string folder) : IJobBackend
{
    /// <summary>The backend of a server.</summary>
    public static KeptPictures Of(BatchBackend backend, ServerOptions options) => new(backend.Jobs, FolderOf(options));

    /// <summary>A request whose pictures are named where they are now.</summary>
    public static JobRequest Found(JobRequest request, ServerOptions options) => Found(request, FolderOf(options));

    /// <inheritdoc/>
    public string Name => backend.Name;

    /// <inheritdoc/>
    public IReadOnlyList<string> Formats => backend.Formats;

    /// <inheritdoc/>
    public string FormatFor(string extension) => backend.FormatFor(extension);

    /// <inheritdoc/>
    public ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken) =>
        backend.PrepareAsync(Found(request, folder), cancellationToken);

    /// <inheritdoc/>
    public ValueTask RequireFormatAsync(string extension, CancellationToken cancellationToken) =>
        backend.RequireFormatAsync(extension, cancellationToken);

    /// <inheritdoc/>
    public Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken) =>
        backend.RunAsync(run with { Job = run.Job with { Request = Found(run.Job.Request, folder) } }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ExpectAsync(JobRequest request, CancellationToken cancellationToken) =>
        backend.ExpectAsync(Found(request, folder), cancellationToken);

    /// <summary>The backend is whoever opened it's to close.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string FolderOf(ServerOptions options) => Path.Combine(Path.GetFullPath(options.DataFolder), ServerFolders.Uploads);

    private static JobRequest Found(JobRequest request, string folder) =>
        UploadedSettings.Found(request, folder) with
        {
            Images = request.Images.ToDictionary(image => image.Key, image => Found(image.Value, folder)),
            Extends = request.Extends is { } clip ? Found(clip, folder) : null,
        };

    private static string Found(string path, string folder)
    {
        var kept = Path.Combine(folder, Path.GetFileName(path));
        return !File.Exists(path) && File.Exists(kept) ? kept : path;
    }
}
