namespace WanSharp.Hosting.Outputs;

/// <summary>What was removed from a section of the cache.</summary>
/// <param name="Removed">Entries.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="InUse">Entries that stay because they are in use.</param>
/// <param name="Refused">Entries that the system did not let go.</param>
public sealed record PrunedOutput(int Removed, long Bytes, int InUse, int Refused);
