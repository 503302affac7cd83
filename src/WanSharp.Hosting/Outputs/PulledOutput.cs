namespace WanSharp.Hosting.Outputs;

/// <summary>Which models are there, and what the aliases still need.</summary>
/// <param name="Cache">The cache that is shared with Hugging Face's programs.</param>
/// <param name="Models">Models that can be named, in the folders for models.</param>
/// <param name="Repositories">What is in the cache.</param>
/// <param name="Aliases">The aliases.</param>
public sealed record PulledOutput(
    string Cache,
    IReadOnlyList<string> Models,
    IReadOnlyList<PulledRepositoryOutput> Repositories,
    IReadOnlyList<AliasOutput> Aliases
);
