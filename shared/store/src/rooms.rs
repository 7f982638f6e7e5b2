//! Opening, reading and leaving a room, and blocking its customer.

use chatchat_domain::{
    Caller, Company, CompanyId, Customer, ErrorCode, HistoryLimit, Role, RoomDetail, RoomId, Seq,
    guide_message,
};

use crate::{
    Store, StoreError, row,
    run::Idempotence::Idempotent,
    sql::{self, connection, session},
};

/// The room that a customer opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenedRoom {
    /// The room.
    pub id: RoomId,
    /// False if the room existed before.
    pub new: bool,
}

impl Store {
    /// Returns the room of the caller with the company, or opens it. A new room begins with the
    /// guide message. Fails with `company_not_found` if there is no room and the company is not
    /// visible, or with [`StoreError::TooManyRequests`].
    pub async fn open_room(
        &self,
        caller: &Caller<Customer>,
        company: CompanyId,
    ) -> Result<OpenedRoom, StoreError> {
        for _ in 0..2 {
            let rows = self
                .query(
                    Idempotent,
                    &sql::OPEN_ROOM,
                    &[&session(caller), &connection(caller), &company.get(), &guide_message("{company}")],
                )
                .await?;
            let row = row::authenticated(&rows)?;
            if let Some(id) = row::optional_id(row, "id")? {
                return Ok(OpenedRoom { id, new: row::get(row, "new")? });
            }
            if !row::get::<bool>(row, "visible")? {
                return Err(ErrorCode::CompanyNotFound.into());
            }
            row::token(row)?;
            // A concurrent call opened the room after this statement began. The second run finds
            // it.
        }
        Err(StoreError::unexpected("the room neither exists nor can be opened"))
    }

    /// A room of the caller with its newest messages, at most `limit`. Fails with `room_not_found`.
    pub async fn room<R: Role>(
        &self,
        caller: &Caller<R>,
        room: RoomId,
        limit: HistoryLimit,
    ) -> Result<RoomDetail, StoreError> {
        let rows = self
            .query(
                Idempotent,
                sql::ROOM.of::<R>(),
                &[&session(caller), &connection(caller), &room.get(), &limit.get()],
            )
            .await?;
        let first = row::in_room(&rows)?;
        Ok(RoomDetail {
            id: room,
            receiver: row::receiver(first)?,
            read_seq: row::id(first, "read_seq")?,
            receiver_read_seq: row::id(first, "receiver_read_seq")?,
            last_seq: row::id(first, "last_seq")?,
            blocked: row::get(first, "blocked")?,
            messages: row::messages(&rows)?,
        })
    }

    /// Blocks the customer of one of the caller's rooms, or ends the block. Fails with
    /// `room_not_found`.
    pub async fn block_customer(
        &self,
        caller: &Caller<Company>,
        room: RoomId,
        blocks: bool,
    ) -> Result<(), StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::BLOCK_CUSTOMER,
                &[&session(caller), &connection(caller), &room.get(), &blocks],
            )
            .await?;
        row::in_room(&rows)?;
        Ok(())
    }

    /// Takes a room off the caller's list until its next message, or until the first message after
    /// `seq`. Fails with `room_not_found`.
    pub async fn leave_room(
        &self,
        caller: &Caller<Customer>,
        room: RoomId,
        seq: Option<Seq>,
    ) -> Result<(), StoreError> {
        let rows = self
            .query(
                Idempotent,
                &sql::LEAVE_ROOM,
                &[&session(caller), &connection(caller), &room.get(), &seq.map(Seq::get)],
            )
            .await?;
        row::in_room(&rows)?;
        Ok(())
    }
}
