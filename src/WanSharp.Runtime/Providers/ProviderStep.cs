namespace WanSharp.Runtime.Providers;

/// <summary>One execution provider to append to a session: by its own pair of functions, or by name.</summary>
/// <param name="Kind">Which functions append it.</param>
/// <param name="Name">The name as the library's functions know it.</param>
/// <param name="Options">Its options.</param>
internal sealed record ProviderStep(ProviderKind Kind, string Name, IReadOnlyDictionary<string, string> Options);
