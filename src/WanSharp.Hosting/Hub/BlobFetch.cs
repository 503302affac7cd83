using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>Brings one content into a repository's cache, and links a snapshot's file to it.</summary>
internal sealed class BlobFetch(HubRepositoryCache repository, FileDownload download, bool mayLink, TimeProvider clock)
{
    private const string OursEnd = ".wan.incomplete";
    private const string TheirsEnd = ".incomplete"; // huggingface_hub's, of versions that go on with them

    private static readonly TimeSpan LockEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>How many bytes of a content are there, whole or in part.</summary>
    public static long CountOf(HubRepositoryCache repository, HubFile file)
    {
        var blob = repository.BlobOf(file);
        if (IsThere(blob, file))
        {
            return file.Length;
        }

        try
        {
            return Math.Min(file.Length, File.Exists(blob + OursEnd) ? PartialFile.CountOf(blob + OursEnd) : LengthOf(blob + TheirsEnd));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // another process has it
        }
    }

    /// <summary>Brings a content unless it is there.</summary>
    public async Task BringAsync(
        string commit,
        HubFile file,
        Func<IDownloadSource> open,
        PullCounter counter,
        CancellationToken cancellationToken
    )
    {
        var before = CountOf(repository, file);
        var held = await LockAsync(file, counter, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            if (repository.Has(commit, file))
            {
                counter.Add(file.Path, PullState.Done, file.Length, file.Length - before);
                return;
            }

            var blob = repository.BlobOf(file);
            Directory.CreateDirectory(repository.Blobs);
            var isNew = !IsThere(blob, file);
            if (isNew)
            {
                counter.Add(file.Path, PullState.Fetching, file.Length, CountOf(repository, file) - before);
                await FetchAsync(blob, file, open, counter, cancellationToken).ConfigureAwait(false);
            }

            SnapshotLink.Make(blob, repository.PathOf(commit, file.Path), mayLink, isNew);
            counter.Add(file.Path, PullState.Done, file.Length, isNew ? 0 : file.Length - before);
        }
    }

    private static bool IsThere(string blob, HubFile file) => File.Exists(blob) && LengthOf(blob) == file.Length;

    private static long LengthOf(string path) => File.Exists(path) ? FileFacts.Of(path).Length : 0;

    private async Task FetchAsync(
        string blob,
        HubFile file,
        Func<IDownloadSource> open,
        PullCounter counter,
        CancellationToken cancellationToken
    )
    {
        var part = blob + OursEnd;
        if (!File.Exists(part) && File.Exists(blob + TheirsEnd))
        {
            DurableFiles.Rename(blob + TheirsEnd, part, overwrite: false);
        }

        if (file.Length > 0)
        {
            var progress = new Counted(counter, file);
            await download.FetchAsync(open(), part, progress, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await File.WriteAllBytesAsync(part, [], cancellationToken).ConfigureAwait(false);
        }

        counter.Add(file.Path, PullState.Checking, file.Length);
        try
        {
            await ContentCheck.RequireAsync(part, file, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            PartialFile.Delete(part);
            throw;
        }

        PartialFile.Finish(part, blob);
    }

    /// <summary>
    /// Holds a content alone, as huggingface_hub does: with a lock of the system's on a file, which ends with the process.
    /// </summary>
    private async Task<FileStream> LockAsync(HubFile file, PullCounter counter, CancellationToken cancellationToken)
    {
        var path = repository.LockOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            if (FileLocks.TryAlone(path, FileMode.OpenOrCreate) is { } held)
            {
                return held;
            }

            counter.Add(file.Path, PullState.Waiting, file.Length);
            await Task.Delay(LockEvery, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class Counted(PullCounter counter, HubFile file) : IProgress<long>
    {
        public void Report(long value) => counter.Add(file.Path, PullState.Fetching, file.Length, value);
    }
}
