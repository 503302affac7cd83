namespace WanSharp.Runtime.Memory;

/// <summary>A run that allocates, and can be stopped for it.</summary>
internal interface IStoppableRun
{
    /// <summary>Ends the run that is under way before its next node, because it asked for too much memory. Must not throw.</summary>
    void Stop(MemoryLimitException shortage);
}
