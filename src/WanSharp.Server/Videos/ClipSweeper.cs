using WanSharp.Hosting;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Deletes videos that were kept long enough, and files that no video needs any more.</summary>
/// <param name="options">How long videos are kept, and where the files are.</param>
/// <param name="host">The clock.</param>
/// <param name="store">The jobs.</param>
/// <param name="queue">Deletes videos.</param>
internal sealed class ClipSweeper(ServerOptions options, WanHost host, JobStore store, VideoQueue queue)
{
    private const int AtOnce = 200;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    /// <summary>A file is left alone for so long: a request that brings it may still be on its way.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    /// <summary>Sweeps until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Sweep();
                await Task.Delay(LookEvery, host.Options.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // stopped
        }
    }

    private void Sweep()
    {
        try
        {
            if (options.Keep is { } keep)
            {
                foreach (var job in store.MadeBefore(host.Options.Clock.GetUtcNow() - keep, AtOnce))
                {
                    queue.Delete(job);
                }
            }

            var data = Path.GetFullPath(options.DataFolder);
            var images = store.ImagesInUse();
            Delete(Path.Combine(data, ServerFolders.Uploads), file => !images.Contains(file));
            var clips = store.DigestsOfClips();
            Delete(Path.Combine(data, ServerFolders.Pictures), file => !clips.Contains(Path.GetFileName(file).Split('-')[0]));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JobStoreException)
        {
            host.Options.Notice?.Invoke($"old files cannot be deleted: {exception.Message}");
        }
    }

    private void Delete(string folder, Func<string, bool> isNeedless)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var young = host.Options.Clock.GetUtcNow().UtcDateTime - Young;
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => File.GetLastWriteTimeUtc(file) < young && isNeedless(file)))
        {
            File.Delete(file);
        }
    }
}
