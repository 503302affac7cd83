namespace WanSharp.Models.Documents;

/// <summary>A part of a document: a text, a list or a map. Numbers and the like are the text that stands there.</summary>
/// <param name="Line">The line where it begins, from 1; 0 where that is not known.</param>
internal abstract record DocumentNode(int Line)
{
    /// <summary>A text; empty where there is none.</summary>
    public sealed record Text(string Value, int Line) : DocumentNode(Line);

    /// <summary>Several, in their order.</summary>
    public sealed record List(IReadOnlyList<DocumentNode> Items, int Line) : DocumentNode(Line);

    /// <summary>Several by name, in their order.</summary>
    public sealed record Map(IReadOnlyDictionary<string, DocumentNode> Entries, int Line) : DocumentNode(Line);
}
