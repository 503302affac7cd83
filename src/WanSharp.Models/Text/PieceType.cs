namespace WanSharp.Models.Text;

/// <summary>The role of a piece, numbered as in model files.</summary>
internal enum PieceType
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for text that no piece covers.</summary>
    Unknown = 2,

    /// <summary>A mark that no text produces, such as the end.</summary>
    Control = 3,

    /// <summary>Text that is always kept whole and is not normalized.</summary>
    UserDefined = 4,

    /// <summary>Text that is never produced.</summary>
    Unused = 5,

    /// <summary>One byte of text that no other piece covers.</summary>
    Byte = 6,
}
