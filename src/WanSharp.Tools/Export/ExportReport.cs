using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Export;

/// <summary>What an export wrote, and how its numbers compare with our own run of the same networks.</summary>
/// <param name="Folder">Where the files are. When a comparison failed, this is not the folder that was asked for, which is as it was
/// before.</param>
/// <param name="Files">Names and lengths of the files.</param>
/// <param name="Comparisons">One for each output, with inputs of two sizes.</param>
public sealed record ExportReport(string Folder, IReadOnlyList<(string Name, long Bytes)> Files, IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>Whether every output is within its limit.</summary>
    public bool Passed => Comparisons.All(comparison => comparison.Passed);
}
