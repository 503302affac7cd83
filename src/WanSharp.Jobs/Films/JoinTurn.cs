using WanSharp.Jobs.Storage;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Lets one process at a time join the film of a folder: a lock on a file, which the kernel frees however the process ends.
/// </summary>
internal static class JoinTurn
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the turn, which lasts until the result is disposed.</summary>
    /// <param name="folder">The film's folder.</param>
    /// <param name="clock">Times the waiting.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<IDisposable> TakeAsync(JobFolder folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        var path = folder.Settings("join.lock");
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(LookEvery, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
