namespace WanSharp.Cli.Batches;

/// <summary>Backends as they are typed.</summary>
internal static class BackendNames
{
    /// <summary>The engine in this process.</summary>
    public const string Local = "local";
}
