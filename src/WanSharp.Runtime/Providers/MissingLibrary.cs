namespace WanSharp.Runtime.Providers;

/// <summary>A library that a provider needs and this machine cannot load. Immutable.</summary>
/// <param name="What">What it is, in words: "cuRAND".</param>
/// <param name="File">The file that the system looked for.</param>
/// <param name="ToInstall">What brings it, in words.</param>
public sealed record MissingLibrary(string What, string File, string ToInstall)
{
    /// <summary>Where the system looks, for the end of a sentence about what to install.</summary>
    internal const string Places = "with their folders where the system looks for libraries (LD_LIBRARY_PATH; on Windows PATH)";

    /// <summary>Says what is missing, in one clause.</summary>
    /// <param name="missing">The libraries.</param>
    public static string Describe(IEnumerable<MissingLibrary> missing) => $"this machine cannot load {string.Join(", ", missing)}";

    /// <summary>Says what to install, in one clause.</summary>
    /// <param name="missing">The libraries.</param>
    public static string Remedy(IEnumerable<MissingLibrary> missing) =>
        $"install {string.Join(", ", missing.Select(library => library.ToInstall).Distinct())}, {Places}";

    /// <inheritdoc/>
    public override string ToString() => $"{What} ({File})";
}
