namespace WanSharp.Hosting.Hub;

/// <summary>How far a pull is.</summary>
/// <param name="Done">Bytes that are there.</param>
/// <param name="Total">Bytes of all files.</param>
/// <param name="File">The file that this is about.</param>
/// <param name="State">What happens to it.</param>
/// <param name="FileLength">Its bytes.</param>
public readonly record struct PullProgress(long Done, long Total, string File, PullState State, long FileLength);
