namespace WanSharp.Server.Contract;

/// <summary>What a batch would be.</summary>
/// <param name="Total">Its videos.</param>
/// <param name="Cached">Those that are in the result cache.</param>
/// <param name="New">Those that would be made.</param>
/// <param name="Notes">What whoever asks should know: prompts that are cut.</param>
internal sealed record DryRunObject(int Total, int Cached, int New, IReadOnlyList<string> Notes)
{
    public string Object { get; init; } = "video.batch.dry_run";
}
