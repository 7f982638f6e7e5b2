//! The code of the artifact `profiles`. It is a library so that the fuzz targets can call it.

pub mod bucket;
mod change;
pub mod change_company;
pub mod change_customer;
mod colour;
mod container;
pub mod delete_pictures;
pub mod export;
pub mod find_companies;
pub mod form;
mod jpeg;
pub mod own_profile;
pub mod picture;
pub mod show_company;
pub mod upload_picture;
