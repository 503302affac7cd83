namespace WanSharp.Server.Work;

/// <summary>A batch that is asked for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What the client calls it.</param>
/// <param name="File">The file that it was read from; wildcards are looked for next to it.</param>
internal sealed record BatchRequest(string Id, string Name, string File)
{
    private const string Mark = "batch_";

    /// <summary>A new id; those of batches that come later sort later.</summary>
    public static string NewId() => $"{Mark}{Guid.CreateVersion7():N}";
}
