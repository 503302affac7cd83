namespace WanSharp.Jobs;

/// <summary>Where a job is on its way. The numbers are stored: they stay what they are.</summary>
public enum JobState
{
    /// <summary>Waits for a worker.</summary>
    Queued = 0,

    /// <summary>A worker has it.</summary>
    Running = 1,

    /// <summary>Its artifact is there, whole.</summary>
    Succeeded = 2,

    /// <summary>It cannot be made, or its attempts are used up; <see cref="Job.Error"/> says why.</summary>
    Failed = 3,

    /// <summary>Somebody gave it up.</summary>
    Cancelled = 4,
}
