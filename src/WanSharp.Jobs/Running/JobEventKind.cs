namespace WanSharp.Jobs.Running;

/// <summary>What can happen to a job while it runs.</summary>
public enum JobEventKind
{
    /// <summary>An attempt begins.</summary>
    Started,

    /// <summary>A step or a frame is done.</summary>
    Progressed,

    /// <summary>The artifact is in its place.</summary>
    Succeeded,

    /// <summary>An attempt failed and another will follow.</summary>
    Retrying,

    /// <summary>It has failed for good.</summary>
    Failed,

    /// <summary>Somebody gave it up.</summary>
    Cancelled,

    /// <summary>The run stops before the job is done: it waits in the queue.</summary>
    Returned,

    /// <summary>Somebody deleted it while it ran: whatever became of it, it is gone.</summary>
    Removed,
}
