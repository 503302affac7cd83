namespace WanSharp.Models.Names;

/// <summary>The names of RIFE's network (IFNet) from version 4.5 on, which all tools share.</summary>
/// <remarks>Source: hzwer/Practical-RIFE.</remarks>
internal static class RifeNames
{
    public static NetworkNames Names { get; } =
        new(
            "network that makes frames between frames (RIFE)",
            ["block0.conv0.0.0.weight", "block0.convblock.0.beta", "block0.lastconv.0.weight", "block3.conv0.1.0.weight"],
            ["block0.conv0.0.0.weight"],
            [NetworkNames.Official]
        );

    /// <summary>Whether a tensor belongs to what only a training uses.</summary>
    public static bool IsOfTraining(string name) =>
        Array.Exists(["teacher.", "caltime.", "block_tea."], part => name.StartsWith(part, StringComparison.Ordinal));
}
