namespace WanSharp.Graphs.Networks;

/// <summary>The weights of a network whose blocks share a graph.</summary>
internal static class BlockSlots
{
    /// <summary>A block's weights, once for each block, under their full names.</summary>
    /// <param name="slots">The weights, named relative to their block.</param>
    /// <param name="count">The number of blocks.</param>
    /// <param name="prefix">What stands before the names in a block.</param>
    public static IEnumerable<WeightSlot> InBlocks(this IEnumerable<WeightSlot> slots, int count, Func<int, string> prefix) =>
        Enumerable.Range(0, count).SelectMany(_ => slots, (block, slot) => slot with { Name = prefix(block) + slot.Name });
}
