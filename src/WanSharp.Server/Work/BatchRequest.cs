using WanSharp.Storage;

namespace WanSharp.Server.Work;

/// <summary>A batch that is asked for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What the client calls it.</param>
/// <param name="File">The file that it was read from; wildcards are looked for next to it.</param>
/// <param name="Sha256">Digest of all that it asks for; null where that is not needed.</param>
internal sealed record BatchRequest(string Id, string Name, string File, string? Sha256 = null)
{
    private const string Mark = "batch_";

    /// <summary>A new id; those of batches that come later sort later.</summary>
    public static string NewId() => $"{Mark}{Guid.CreateVersion7():N}";

    /// <summary>The id of what a client asked for with a key of its own: asked for again, it is the same.</summary>
    public static string IdOf(string owner, string key) => $"{Mark}{Digests.OfText($"{owner}\n{key}")[..32]}";
}
