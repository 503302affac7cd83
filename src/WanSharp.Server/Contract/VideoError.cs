namespace WanSharp.Server.Contract;

/// <summary>Why a video failed.</summary>
internal sealed record VideoError(string Code, string Message);
