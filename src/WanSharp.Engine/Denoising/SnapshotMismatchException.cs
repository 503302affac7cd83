namespace WanSharp.Engine.Denoising;

/// <summary>A snapshot is damaged, or of another clip or executable: the clip has to start over.</summary>
public sealed class SnapshotMismatchException(string message, Exception? innerException = null) : Exception(message, innerException);
