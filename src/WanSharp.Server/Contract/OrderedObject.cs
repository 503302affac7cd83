namespace WanSharp.Server.Contract;

/// <summary>What an order came to.</summary>
/// <param name="Ordered">How many of the videos still wait, and have a place now.</param>
internal sealed record OrderedObject(int Ordered);
