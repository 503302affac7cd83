namespace WanSharp.Hosting.Hub;

/// <summary>What happens to a file that is pulled.</summary>
public enum PullState
{
    /// <summary>Another process fetches it.</summary>
    Waiting,

    /// <summary>It comes.</summary>
    Fetching,

    /// <summary>Its digest is computed.</summary>
    Checking,

    /// <summary>It is there.</summary>
    Done,
}
