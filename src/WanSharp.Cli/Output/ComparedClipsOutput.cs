namespace WanSharp.Cli.Output;

/// <summary>What <c>wan compare</c> measured.</summary>
/// <param name="Clips">Each pair.</param>
/// <param name="Alone">Files without a like.</param>
internal sealed record ComparedClipsOutput(IReadOnlyList<ComparedClipOutput> Clips, IReadOnlyList<string> Alone);
