//! Photos of iPhones, which browsers do not show: a child process under caps makes JPEGs of them.

use std::ffi::OsStr;

use super::{
    error::PreviewError,
    process::{Tool, arguments},
    worker::{PreviewWorker, Source},
};

/// The Debian package of the tool.
const PACKAGE: &str = "libheif-examples";
/// Where the picture is put, beside its source.
const DRAWN: &str = "drawn.jpg";

impl PreviewWorker {
    /// A HEIC photo as JPEG.
    ///
    /// # Errors
    /// [`PreviewError::ToolMissing`] where the tool is not installed; [`PreviewError::Broken`], [`PreviewError::TooLarge`] and
    /// [`PreviewError::TimedOut`].
    pub async fn jpeg_of_heic(&self, source: &Source) -> Result<Vec<u8>, PreviewError> {
        // It is of use to few, so it is looked for when it is needed.
        let tool = Tool::find("heif-convert", PACKAGE, &self.config().programs)?;
        let words: [&dyn AsRef<OsStr>; 4] = [&"-q", &"90", &source.path(), &DRAWN];
        self.run(&tool, source, &arguments(words)).await?;
        let drawn = source.folder().join(DRAWN);
        let size = tokio::fs::metadata(&drawn).await.map_err(|_| PreviewError::Broken)?.len();
        if size > self.config().caps.output {
            return Err(PreviewError::TooLarge);
        }
        Ok(tokio::fs::read(drawn).await?)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;
    use crate::{
        content::{ImageFormat, Kind, sniff},
        preview::{PreviewConfig, image_preview},
    };

    /// A picture of 96 by 64 pixels, made for this test.
    const PHOTO: &str = "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAA\
         AAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAASgAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAA\
         AACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkA\
         AAAwAAAwAeoDCBBZbqSSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABAAAAAEHBpeGkAAAAAAwgICAAA\
         ABZpcG1hAAAAAAAAAAEAAQOBAoMAAABSbWRhdAAAAEYoAa8ZgPeGf/eDVeH/A4BE9T13+7mU4nUOUKQTry0UdQISVKRxe+r+DI9PELu+4gQ4A/\
         yjQoPI+g8T/FU9R8yhVb5CugYD";

    #[tokio::test]
    async fn a_photo_becomes_a_picture_and_a_broken_one_is_named() {
        let photo = STANDARD.decode(PHOTO).unwrap();
        assert_eq!(sniff(&photo, &photo).kind, Kind::Image(ImageFormat::Heic));
        let Ok(worker) = PreviewWorker::new(PreviewConfig::default()) else { return };
        let source = worker.receive(photo.as_slice()).await.unwrap();
        let drawn = match worker.jpeg_of_heic(&source).await {
            // Whoever builds without the tool learns which package it is.
            Err(PreviewError::ToolMissing { package, .. }) => return assert_eq!(package, PACKAGE),
            drawn => drawn.unwrap(),
        };
        let shown = image_preview(&drawn, Kind::Image(ImageFormat::Jpeg), 1600).unwrap();
        assert_eq!((shown.width, shown.height, shown.mime), (96, 64, "image/jpeg"));
        let cut = worker.receive(&photo[..300]).await.unwrap();
        let refused = worker.jpeg_of_heic(&cut).await;
        assert!(matches!(refused, Err(PreviewError::Broken)), "{refused:?}");
    }
}
