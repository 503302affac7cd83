using WanSharp.Engine.Denoising;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Local;

/// <summary>The state of a job's denoise on disk: the last one that was written whole.</summary>
/// <param name="path">The file.</param>
/// <param name="unsaved">Receives why a state could not be saved, once.</param>
internal sealed class SnapshotFile(string path, Action<string>? unsaved = null)
{
    private bool _isTold;

    /// <summary>The state, if there is one that can be read.</summary>
    /// <returns>The state or null, and why one that is there cannot be used.</returns>
    public (DenoiseSnapshot? Snapshot, string? Problem) Read()
    {
        try
        {
            using var file = PlainFile.OpenRead(path);
            return (DenoiseSnapshot.Read(file), null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, null);
        }
        catch (SnapshotMismatchException)
        {
            return (null, "its saved state is damaged or cut short");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"its saved state cannot be read: {exception.Message}");
        }
    }

    /// <summary>Replaces the state, on the disk when this returns. If there is no room for it, the clip continues unsaved.</summary>
    public ValueTask WriteAsync(DenoiseSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            AtomicFile.Write(path, snapshot.Write);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It costs time at the next start, not the clip.
            if (!_isTold)
            {
                _isTold = true;
                unsaved?.Invoke(exception.Message);
            }
        }

        return ValueTask.CompletedTask;
    }
}
