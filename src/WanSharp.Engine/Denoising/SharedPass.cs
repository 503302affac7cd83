namespace WanSharp.Engine.Denoising;

/// <summary>
/// Whether a clip's branches share a forward pass: they do while its activations stay small. A large clip fills the machine by
/// itself, and a batch of two would only double the memory.
/// </summary>
internal static class SharedPass
{
    private const int MostTokens = 4096;

    /// <summary>Whether they share one.</summary>
    /// <param name="tokens">Tokens of a branch.</param>
    /// <param name="branches">Branches of guidance.</param>
    public static bool IsFor(long tokens, int branches) => tokens * branches <= MostTokens;

    /// <summary>The rows of one forward pass.</summary>
    /// <param name="tokens">Tokens of a branch.</param>
    /// <param name="branches">Branches of guidance.</param>
    /// <param name="clips">Clips that step together.</param>
    public static int RowsFor(long tokens, int branches, int clips) => IsFor(tokens, branches) ? clips * branches : clips;
}
