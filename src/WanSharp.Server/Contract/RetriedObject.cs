namespace WanSharp.Server.Contract;

/// <summary>How many messages are sent again.</summary>
internal sealed record RetriedObject(int Retried);
