namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>A part of a prompt's template.</summary>
internal abstract record PromptNode
{
    /// <summary>Letters that stand for themselves.</summary>
    public sealed record Letters(string Text) : PromptNode;

    /// <summary>Parts, one after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PromptNode> Parts) : PromptNode;

    /// <summary><c>__name__</c>: a line of a file.</summary>
    public sealed record Wildcard(string Name) : PromptNode;

    /// <summary><c>{a|b}</c>, <c>{1-2$$ and $$a|b|c}</c>: some of several options.</summary>
    /// <param name="Options">What to choose from.</param>
    /// <param name="Least">How many to choose at least.</param>
    /// <param name="Most">How many at most; null for all.</param>
    /// <param name="Separator">What goes between several.</param>
    public sealed record Choice(IReadOnlyList<Option> Options, int Least, int? Most, string Separator) : PromptNode;

    /// <summary>An option, and how often it is chosen compared with others of weight 1.</summary>
    public sealed record Option(PromptNode Text, double Weight);
}
