namespace WanSharp.Server.Contract;

/// <summary>The body of every answer that is an error.</summary>
internal sealed record ErrorBody(ErrorDetails Error);
