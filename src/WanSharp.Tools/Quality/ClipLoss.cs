namespace WanSharp.Tools.Quality;

/// <summary>What a precision cost one clip.</summary>
/// <param name="Prompt">The clip's prompt.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Quality">The clip compared with the one made in F32.</param>
public sealed record ClipLoss(string Prompt, ulong Seed, FrameQuality Quality);
