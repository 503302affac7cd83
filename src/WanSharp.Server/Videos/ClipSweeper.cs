using WanSharp.Hosting;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Pictures;
using WanSharp.Server.Webhooks;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Deletes what was kept long enough: videos, messages of webhooks, and files that no video needs any more.</summary>
/// <param name="options">How long videos are kept, and where the files are.</param>
/// <param name="host">The clock.</param>
/// <param name="store">The jobs.</param>
/// <param name="queue">Deletes videos.</param>
/// <param name="webhooks">The messages of webhooks.</param>
/// <param name="named">Pictures that are named elsewhere.</param>
internal sealed class ClipSweeper(
    ServerOptions options,
    WanHost host,
    JobStore store,
    VideoQueue queue,
    WebhookStore webhooks,
    IEnumerable<IKeptPictures> named
)
{
    private const int AtOnce = 200;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long messages are kept that were taken or given up.</summary>
    private static readonly TimeSpan MessagesKept = TimeSpan.FromDays(30);

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
                foreach (var job in store.EndedBefore(host.Options.Clock.GetUtcNow() - keep, AtOnce))
                {
                    queue.Delete(job);
                }
            }

            webhooks.Prune(host.Options.Clock.GetUtcNow() - MessagesKept);
            var data = Path.GetFullPath(options.DataFolder);
            // by their names, which are digests: the folder may be spelled in another way than when they came
            var images = store.FilesInUse().Select(file => Path.GetFileName(file).Split('@')[0]).ToHashSet(StringComparer.Ordinal);
            images.UnionWith(named.SelectMany(one => one.Sweep(host.Options.Clock.GetUtcNow())));
            var uploads = Path.Combine(data, ServerFolders.Uploads);
            Delete(uploads, file => !images.Contains(Path.GetFileName(file)));
            foreach (var notes in UploadFolder.NotesIn(uploads))
            {
                Delete(notes, note => !File.Exists(Path.Combine(uploads, Path.GetFileName(note))));
            }

            var clips = store.DigestsOfClips();
            Delete(Path.Combine(data, ServerFolders.Pictures), file => !clips.Contains(Path.GetFileName(file).Split('-')[0]));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            host.Options.Notice?.Invoke($"old files cannot be deleted: {exception.Message}");
        }
    }

    /// <summary>When a file came, or came again.</summary>
    private static DateTime UsedAt(string file) =>
        (File.GetLastWriteTimeUtc(file), File.GetLastAccessTimeUtc(file)) is var (came, again) && came > again ? came : again;

    private void Delete(string folder, Func<string, bool> isNeedless)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var young = host.Options.Clock.GetUtcNow().UtcDateTime - Young;
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => UsedAt(file) < young && isNeedless(file)))
        {
            File.Delete(file);
        }
    }
}
