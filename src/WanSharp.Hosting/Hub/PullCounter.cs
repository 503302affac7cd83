namespace WanSharp.Hosting.Hub;

/// <summary>Adds up what comes for several files at once. Thread-safe.</summary>
internal sealed class PullCounter(PulledModel model, IProgress<PullProgress>? progress)
{
    private readonly Lock _gate = new();
    private long _done = model.Length - model.Missing;

    /// <summary>Says what happens to a file, and how many more bytes of it are there.</summary>
    public void Add(string file, PullState state, long length, long bytes = 0)
    {
        lock (_gate)
        {
            _done += bytes;
            progress?.Report(new PullProgress(_done, model.Length, file, state, length));
        }
    }
}
