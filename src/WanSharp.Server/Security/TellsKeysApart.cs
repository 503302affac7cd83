namespace WanSharp.Server.Security;

/// <summary>Marks routes that show each caller what it may see. Keys that see their own videos alone get in nowhere else.</summary>
internal sealed record TellsKeysApart;
