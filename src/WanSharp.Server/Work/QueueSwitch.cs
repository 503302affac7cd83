using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Work;

/// <summary>Whether the whole queue is paused; stays so when the server starts again. Thread-safe.</summary>
/// <param name="store">The jobs, whose runner looks again when this changes.</param>
internal sealed class QueueSwitch(JobStore store)
{
    private readonly string _file = store.Folder.Settings("paused");
    private volatile bool _isOn = File.Exists(store.Folder.Settings("paused"));

    /// <summary>Whether no job is started.</summary>
    public bool IsOn => _isOn;

    /// <summary>Pauses the queue, or lets it run. Jobs that run already go on.</summary>
    public void Set(bool on)
    {
        if (on)
        {
            AtomicFile.Write(_file, ReadOnlySpan<byte>.Empty);
        }
        else
        {
            File.Delete(_file);
        }

        _isOn = on;
        store.Wake();
    }
}
