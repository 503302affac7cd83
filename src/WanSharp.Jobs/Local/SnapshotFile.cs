using WanSharp.Engine.Denoising;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Local;

/// <summary>The state of a job's denoise on disk: the last one that was written whole.</summary>
internal sealed class SnapshotFile(string path)
{
    /// <summary>The state; null when there is none, or it is damaged: then the clip begins anew.</summary>
    public DenoiseSnapshot? Read()
    {
        try
        {
            using var file = File.OpenRead(path);
            return DenoiseSnapshot.Read(file);
        }
        catch (Exception exception) when (exception is SnapshotMismatchException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the state. Without room for it the clip goes on unsaved: its own writing will tell.</summary>
    public ValueTask WriteAsync(DenoiseSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            AtomicFile.Write(path, snapshot.Write);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A state that cannot be saved costs time at the next start, not the clip.
        }

        return ValueTask.CompletedTask;
    }
}
