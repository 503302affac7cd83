namespace WanSharp.Hosting.Outputs;

/// <summary>What a checkpoint holds, and what it would run with.</summary>
/// <param name="Path">The file.</param>
/// <param name="Networks">Its networks, a sentence each.</param>
/// <param name="Variant">The model that it runs as; null where it does not run.</param>
/// <param name="Noise"><c>high</c> or <c>low</c>, for one of two experts.</param>
/// <param name="Dtypes">The element types.</param>
/// <param name="Tensors">The number of tensors.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Tokenizer">Whether it brings its tokenizer.</param>
/// <param name="Problem">Why it cannot be read; null if it can.</param>
/// <param name="Prepared">What is prepared; null where that is not asked, or nothing can be.</param>
/// <param name="Files">The files that it would run with, by part; null where some are missing.</param>
/// <param name="Missing">What is missing; null if nothing is.</param>
/// <param name="Notes">What else there is to say.</param>
public sealed record CheckpointOutput(
    string Path,
    IReadOnlyList<string> Networks,
    string? Variant,
    string? Noise,
    IReadOnlyList<string> Dtypes,
    int Tensors,
    long Bytes,
    bool Tokenizer,
    string? Problem,
    PreparedOutput? Prepared,
    IReadOnlyDictionary<string, string>? Files,
    string? Missing,
    IReadOnlyList<string> Notes
);
