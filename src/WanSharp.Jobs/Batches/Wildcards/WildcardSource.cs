using WanSharp.Models.Documents;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>What a wildcard chooses from.</summary>
/// <param name="Path">The file.</param>
/// <param name="Items">The list in it; null for a text of an option a line.</param>
internal sealed record WildcardSource(string Path, IReadOnlyList<DocumentNode>? Items);
