namespace WanSharp.Server.Security;

/// <summary>What a route needs, where that is not what its method needs: reading to look, writing to change.</summary>
/// <param name="Scope">The scope.</param>
internal sealed record Needs(KeyScope Scope);
