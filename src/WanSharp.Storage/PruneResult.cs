namespace WanSharp.Storage;

/// <summary>What was removed from a <see cref="ContentStore"/>.</summary>
/// <param name="Entries">Entries removed.</param>
/// <param name="Bytes">Bytes that they took.</param>
/// <param name="InUse">Entries that should have gone but somebody holds open: they stay.</param>
/// <param name="Refused">Entries that should have gone but cannot be removed: they stay.</param>
/// <param name="Refusal">What the system said; null where it refused nothing.</param>
public sealed record PruneResult(int Entries, long Bytes, int InUse, int Refused = 0, string? Refusal = null);
