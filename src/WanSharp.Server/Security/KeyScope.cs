namespace WanSharp.Server.Security;

/// <summary>What a key may do; each includes those before it.</summary>
public enum KeyScope
{
    /// <summary>Nothing: what everybody may see.</summary>
    None,

    /// <summary>Look at videos, events and the queue.</summary>
    Read,

    /// <summary>Ask for videos, change and delete them.</summary>
    Write,

    /// <summary>Pause the whole queue, and see what the server tells of itself.</summary>
    Admin,
}
