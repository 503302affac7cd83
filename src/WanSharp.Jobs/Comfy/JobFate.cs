namespace WanSharp.Jobs.Comfy;

/// <summary>What a job did to servers, over all its attempts of a run: one that ends them each time must not go on doing so.</summary>
internal sealed class JobFate
{
    /// <summary>So many ends of a server while it ran the job are not a coincidence.</summary>
    private const int MostEnds = 3;

    private int _ends;

    /// <summary>Whether a server was seen to run the job, and has not been seen to be done with it.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Whether the job has ended servers too often.</summary>
    public bool IsDeadly => _ends >= MostEnds;

    /// <summary>Notes that a server no longer knows the job.</summary>
    public void NoteForgotten()
    {
        _ends += IsRunning ? 1 : 0;
        IsRunning = false;
    }
}
