namespace WanSharp.Hosting.Batches;

/// <summary>Backends as they are typed.</summary>
public static class BackendNames
{
    /// <summary>The engine in this process.</summary>
    public const string Local = "local";
}
