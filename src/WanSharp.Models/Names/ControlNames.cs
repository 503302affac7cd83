using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Names;

/// <summary>
/// The names of VACE's blocks. Files count them by themselves (<c>vace_blocks.3</c>); here each has the name of the block that it stands
/// next to (<c>blocks.6.vace</c>), because both run, stay in memory, and are quantized together.
/// </summary>
/// <remarks>Sources: Wan-Video/Wan2.1:wan/modules/vace_model.py; Comfy-Org/ComfyUI:comfy/ldm/wan/model.py (the distance).</remarks>
internal static class ControlNames
{
    /// <summary>What stands before the number of a block in files.</summary>
    public const string Theirs = "vace_blocks.";

    /// <summary>What stands before the number of a block of the network.</summary>
    private const string Blocks = "blocks.";

    private const string Scope = WanTransformer.ControlScope;

    /// <summary>Whether a name, translated or not, is of a block of VACE's.</summary>
    public static bool IsOne(string name) => name.StartsWith(Theirs, StringComparison.Ordinal) || name.Split('.') is [_, _, Scope, ..];

    /// <summary>
    /// The rules for the blocks that names tell of; none where they are not at even distances, which is refused elsewhere.
    /// </summary>
    /// <param name="names">The names in a file, without what stands before all of them.</param>
    /// <param name="parts">What the layout calls the parts of any block, from the dot on, and what the official code does.</param>
    public static IEnumerable<(string Theirs, string Official)> Rules(
        IReadOnlyCollection<string> names,
        IReadOnlyList<(string Theirs, string Official)> parts
    )
    {
        var (all, control) = (Count(names, Blocks), Count(names, Theirs));
        if (control == 0 || all % control != 0)
        {
            yield break;
        }

        for (var i = 0; i < control; i++)
        {
            var (theirs, ours) = ($"{Theirs}{i}", $"{Blocks}{i * (all / control)}.{Scope}");
            foreach (var (part, official) in parts)
            {
                yield return (theirs + part, ours + official);
            }

            yield return (theirs, ours);
        }
    }

    /// <summary>How many blocks names tell of.</summary>
    public static int Count(IEnumerable<string> names, string prefix) =>
        names
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..].Split('.')[0])
            .Distinct(StringComparer.Ordinal)
            .Count();
}
