namespace WanSharp.Server.Http;

/// <summary>What the bodies of requests are.</summary>
internal enum BodyKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A video, as JSON or a form.</summary>
    Video,

    /// <summary>A video that is made of another one, as JSON or a form.</summary>
    Sequel,

    /// <summary>What is to change of a video, as JSON or a form.</summary>
    Edit,

    /// <summary>A batch: a form with a file, or prompts.</summary>
    Batch,

    /// <summary>A priority.</summary>
    Priority,

    /// <summary>Ids in an order.</summary>
    Order,

    /// <summary>A key.</summary>
    Key,
}
