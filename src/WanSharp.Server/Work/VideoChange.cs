namespace WanSharp.Server.Work;

/// <summary>What may be done to videos that are there.</summary>
internal enum VideoChange
{
    /// <summary>Those that wait or run are given up.</summary>
    Cancel,

    /// <summary>Those that wait or run do not go on, until they are resumed.</summary>
    Pause,

    /// <summary>Those that are paused go on.</summary>
    Resume,

    /// <summary>Those that failed or were cancelled are tried again.</summary>
    Retry,
}
