using WanSharp.Storage;

namespace WanSharp.Models.Loras;

/// <summary>
/// What tells a LoRA from others: a digest of every file that decides what it does. Weights alone do not: PEFT keeps their scale in a
/// file of its own.
/// </summary>
/// <param name="Sha256">SHA-256, hexadecimal: the file's own where there is only one, otherwise over the digests of all.</param>
public sealed record LoraIdentity(string Sha256)
{
    /// <summary>The identity of an opened LoRA; its files are read once, then their digests are noted.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    internal static LoraIdentity Of(LoraFile lora, FileDigests digests, CancellationToken cancellationToken) =>
        new(
            lora.Files is [var only] ? digests.OfEach([only], read: null, cancellationToken)[0] : digests.Of(lora.Files, cancellationToken)
        );

    /// <inheritdoc/>
    public override string ToString() => Sha256;
}
