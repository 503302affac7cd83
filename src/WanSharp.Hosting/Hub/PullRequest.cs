using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>What to bring from a hub. Immutable.</summary>
/// <param name="Name">What was asked for, as it was written.</param>
/// <param name="Reference">The repository at a revision.</param>
/// <param name="Patterns">
/// The files, in which <c>*</c> stands for any characters, slashes too; each must match one. Empty for all.
/// </param>
public sealed record PullRequest(string Name, HubReference Reference, IReadOnlyList<string> Patterns)
{
    /// <summary>Reads what a user writes: an alias, or a repository.</summary>
    /// <param name="name">An alias, <c>ORG/NAME</c> or <c>ORG/NAME@REVISION</c>.</param>
    /// <param name="patterns">The files; empty for all of a repository, or those of the alias.</param>
    /// <param name="aliases">The aliases.</param>
    /// <exception cref="InvalidRequestException">The name is none of these.</exception>
    public static PullRequest Parse(string name, IReadOnlyList<string> patterns, AliasCatalog aliases)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        ArgumentNullException.ThrowIfNull(aliases);
        return aliases.Find(name) is { } alias ? new PullRequest(name, alias.Reference, patterns.Count > 0 ? patterns : alias.Files)
            : HubReference.Parse(name) is { } reference ? new PullRequest(name, reference, patterns)
            : throw new InvalidRequestException(
                nameof(name),
                $"'{name}' is neither an alias nor a repository (ORG/NAME)."
                    + NearestName.Hint(name, aliases.All.Select(alias => alias.Name))
            );
    }
}
