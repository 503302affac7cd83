namespace WanSharp.Jobs.Films;

/// <summary>Where a part of a film is on its way.</summary>
public enum PartState
{
    /// <summary>It waits for the part before it.</summary>
    Waits,

    /// <summary>It is not made yet, and could be.</summary>
    Ready,

    /// <summary>Its clip is in the result cache.</summary>
    Cached,

    /// <summary>It waits in the queue, or runs.</summary>
    Open,

    /// <summary>Its clip is there.</summary>
    Done,

    /// <summary>It failed, or was cancelled.</summary>
    Failed,
}
